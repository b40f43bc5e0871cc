"""ClickHouse in process: runs the statements that come in, a JSON string a line, and says of each what it returned and how long it took."""

import json
import sys
import time

from chdb import session

clickhouse = session.Session(sys.argv[1])
for line in sys.stdin:
    statement = json.loads(line)
    begun = time.perf_counter()
    try:
        rows = str(clickhouse.query(statement, "TabSeparated"))
        out = {"seconds": time.perf_counter() - begun, "rows": rows}
    except RuntimeError as error:
        out = {"error": str(error)}
    print(json.dumps(out), flush=True)
