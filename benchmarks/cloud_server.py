"""The cloud itself: `python -m benchmarks.cloud_server DATA PORT`."""

import sys
from pathlib import Path

import structlog
import uvloop

from bellwire.cloud.app import run
from bellwire.cloud.config import Config

if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    config = Config(data=Path(sys.argv[1]), port=int(sys.argv[2]))
    uvloop.run(run(config, lambda _: print("ready", flush=True)))
