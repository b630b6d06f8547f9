"""Changes of a session that must be one step in Redis, so that none can bring back a session that just ended.

A session is a hash; its key expires at the idle limit or at `ends_at`, whichever comes first. Times are
milliseconds since 1970 by Redis' clock. A set per person names the person's sessions.
"""

from __future__ import annotations

from typing import Final

_NOW: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""

_ADD_TO_INDEX: Final = """
redis.call('SADD', index, key)
redis.call('PEXPIRE', index, math.max(lifetime, redis.call('PTTL', index)))
"""

# KEYS: session, person's sessions. ARGV: stage, idle, lifetime, then names and values of fields.
START: Final = f"""
{_NOW}
local key, index = KEYS[1], KEYS[2]
local idle, lifetime = tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('HSET', key, 'stage', ARGV[1], 'started_at', now, 'last_seen', now, 'ends_at', now + lifetime)
for i = 4, #ARGV, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', key, math.min(idle, lifetime))
{_ADD_TO_INDEX}
return 1
"""

# KEYS: session. ARGV: idle. Answers 0 where the session has ended.
TOUCH: Final = f"""
local ends = redis.call('HGET', KEYS[1], 'ends_at')
if not ends then return 0 end
{_NOW}
redis.call('HSET', KEYS[1], 'last_seen', now)
redis.call('PEXPIRE', KEYS[1], math.min(tonumber(ARGV[1]), tonumber(ends) - now))
return redis.call('EXISTS', KEYS[1])
"""

# KEYS: session, its new name, person's sessions. ARGV: stage, idle, lifetime. Answers 0 where it has ended.
PROMOTE: Final = f"""
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
{_NOW}
local key, index = KEYS[2], KEYS[3]
local idle, lifetime = tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('RENAME', KEYS[1], key)
redis.call('HDEL', key, 'attempts')
redis.call('HSET', key, 'stage', ARGV[1], 'started_at', now, 'last_seen', now, 'ends_at', now + lifetime)
redis.call('PEXPIRE', key, math.min(idle, lifetime))
redis.call('SREM', index, KEYS[1])
{_ADD_TO_INDEX}
return 1
"""

# KEYS: session. ARGV: stage, stage of a full session. Answers 0 where it has ended or is full.
ADVANCE: Final = """
local stage = redis.call('HGET', KEYS[1], 'stage')
if not stage or stage == ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'stage', ARGV[1])
return 1
"""

# KEYS: session. Answers 0 where it has ended.
COUNT_ATTEMPT: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], 'attempts', 1)
"""

# KEYS: session, person's sessions. ARGV: channel. Answers whether there was one.
END: Final = """
local reference = redis.call('HGET', KEYS[1], 'reference')
redis.call('SREM', KEYS[2], KEYS[1])
if not reference then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[1], reference)
return 1
"""
