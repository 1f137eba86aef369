"""The cloud itself, for an account that asks as often as it can: `python -m benchmarks.cloud_server DATA PORT`."""

import sys
from datetime import timedelta
from pathlib import Path

import structlog
import uvloop

from bellwire.cloud.app import run
from bellwire.cloud.config import Config, Limits
from bellwire.cloud.rates import Rate

if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    limits = Limits(requests=Rate(100_000, timedelta(seconds=1)))
    config = Config(data=Path(sys.argv[1]), port=int(sys.argv[2]), limits=limits)
    uvloop.run(run(config, lambda _: print("ready", flush=True)))
