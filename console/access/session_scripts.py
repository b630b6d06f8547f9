"""Changes of a session that must be one step in Redis, so that none can bring back a session that just ended.

A session is the hash `session:{tag}:reference`; the key expires at the idle limit or at `ends_at`, whichever comes
first. `sessions-of:{tag}:user` names a person's sessions, and `session-end:{tag}:reference` remembers for a day why one
ended. `{tag}` is a piece of a hash of the person's id, the same for all of them, so that in a cluster whatever a script
touches lies in one slot, also the keys that it finds in the index. Times are milliseconds since 1970 by Redis' clock.
"""

from __future__ import annotations

from typing import Final

_NOW: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""

# Ends one session: what it was, as HGETALL gives it; nil where there was none.
_END: Final = """
local function end_session(key, channel, remembered, reason)
    local was = redis.call('HGETALL', key)
    if #was == 0 then return nil end
    local of = {}
    for i = 1, #was, 2 do of[was[i]] = was[i + 1] end
    redis.call('DEL', key)
    redis.call('SREM', 'sessions-of:' .. string.match(key, '{.*}') .. ':' .. of['user_id'], key)
    redis.call('SET', 'session-end:' .. string.match(key, ':(.*)$'), reason .. ' ' .. now, 'PX', remembered)
    redis.call('PUBLISH', channel, of['reference'] .. ' ' .. reason)
    return was
end
"""

# Names a session in the person's index and ends the oldest full ones beyond the number allowed: those that ended.
_ENTER: Final = """
local function enter(key, index, most, channel, remembered, lifetime)
    redis.call('SADD', index, key)
    redis.call('PEXPIRE', index, math.max(lifetime, redis.call('PTTL', index)))
    local others, ended = {}, {}
    if redis.call('HGET', key, 'stage') ~= 'full' then return ended end
    for _, other in ipairs(redis.call('SMEMBERS', index)) do
        local found = redis.call('HMGET', other, 'stage', 'started_at')
        if not found[1] then redis.call('SREM', index, other)
        elseif found[1] == 'full' and other ~= key then table.insert(others, {tonumber(found[2]), other}) end
    end
    table.sort(others, function(a, b) return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) end)
    for i = 1, #others + 1 - most do
        table.insert(ended, end_session(others[i][2], channel, remembered, 'too_many_sessions'))
    end
    return ended
end
"""

# KEYS: session, person's sessions. ARGV: channel, how long ends are remembered, sessions allowed, stage, idle,
# lifetime, then names and values of fields. Answers the sessions that ended for it.
START: Final = f"""
{_NOW}{_END}{_ENTER}
local key, index = KEYS[1], KEYS[2]
local idle, lifetime = tonumber(ARGV[5]), tonumber(ARGV[6])
redis.call('HSET', key, 'stage', ARGV[4], 'started_at', now, 'last_seen', now, 'idle', idle, 'ends_at', now + lifetime)
for i = 7, #ARGV, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', key, math.min(idle, lifetime))
return enter(key, index, tonumber(ARGV[3]), ARGV[1], ARGV[2], lifetime)
"""

# KEYS: session. Answers with its fields, none where the session has ended.
TOUCH: Final = f"""
local found = redis.call('HMGET', KEYS[1], 'ends_at', 'idle')
if not found[1] then return {{}} end
{_NOW}
redis.call('HSET', KEYS[1], 'last_seen', now)
redis.call('PEXPIRE', KEYS[1], math.min(tonumber(found[2]), tonumber(found[1]) - now))
return redis.call('HGETALL', KEYS[1])
"""

# KEYS: session, person's sessions. ARGV: channel, how long ends are remembered, sessions allowed, secret's hash, the
# new secret's, idle, lifetime, '1' where a code was given. Answers false where the session has ended or has another
# secret by now, else the sessions that ended for it.
PROMOTE: Final = f"""
local key, index = KEYS[1], KEYS[2]
if redis.call('HGET', key, 'secret') ~= ARGV[4] then return false end
{_NOW}{_END}{_ENTER}
local idle, lifetime = tonumber(ARGV[6]), tonumber(ARGV[7])
redis.call('HDEL', key, 'attempts')
redis.call('HSET', key, 'stage', 'full', 'secret', ARGV[5], 'started_at', now, 'last_seen', now, 'idle', idle,
    'ends_at', now + lifetime)
if ARGV[8] == '1' then redis.call('HSET', key, 'code_at', now) end
redis.call('PEXPIRE', key, math.min(idle, lifetime))
return enter(key, index, tonumber(ARGV[3]), ARGV[1], ARGV[2], lifetime)
"""

# KEYS: session. ARGV: secret's hash, the new secret's. Answers 0 where it has ended or has another secret by now.
ROTATE: Final = """
if redis.call('HGET', KEYS[1], 'secret') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'secret', ARGV[2])
return 1
"""

# KEYS: session. Answers 0 where it has ended.
MARK_CODE: Final = f"""
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
{_NOW}
redis.call('HSET', KEYS[1], 'code_at', now)
return 1
"""

# KEYS: session. ARGV: stage, the stage of full sessions. Answers 0 where it has ended or is full already.
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

# KEYS: session. ARGV: channel, how long ends are remembered, reason, secret's hash or ''. Answers the sessions that
# ended: one or none.
END: Final = f"""
if ARGV[4] ~= '' and redis.call('HGET', KEYS[1], 'secret') ~= ARGV[4] then return {{}} end
{_NOW}{_END}
return {{end_session(KEYS[1], ARGV[1], ARGV[2], ARGV[3])}}
"""

# KEYS: person's sessions. ARGV: channel, how long ends are remembered, reason, a session to keep or ''. Answers the
# sessions that ended.
END_ALL: Final = f"""
{_NOW}{_END}
local ended = {{}}
for _, key in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    if key ~= ARGV[4] then
        local was = end_session(key, ARGV[1], ARGV[2], ARGV[3])
        if was then table.insert(ended, was) else redis.call('SREM', KEYS[1], key) end
    end
end
return ended
"""
