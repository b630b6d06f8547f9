"""The one entry: ``python3 main.py [command]``; see ``python3 main.py --help``.

Kept to syntax any Python 3 can read, so that an old interpreter gets a sentence instead of a traceback.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line is what an older Python gets to see
    sys.exit("Check Review Console needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])  # noqa: UP031

from deploy.bootstrap import main

if __name__ == "__main__":
    main(sys.argv[1:])
