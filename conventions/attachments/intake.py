"""Read a stranger's file, and write it again harmless: a program that ``uploads`` runs in a process of its own.

The file on its standard input may be made to exhaust memory or time, or to break a decoder: here it can only stop
this process, which has no database, no secret and little of either. The first line of its output is the content
type of what follows, or the reason of a refusal.
"""

import resource
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from conventions.attachments import limits

    resource.setrlimit(resource.RLIMIT_AS, (limits.MOST_MEMORY, limits.MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.MOST_SECONDS, limits.MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    from conventions.attachments import reading

    borne = limits.Limits(*map(int, sys.argv[1:]))
    sys.stdout.buffer.write(reading.answer(sys.stdin.buffer.read(), borne))
