"""An AWS on this machine for tests: moto's server in this process, with the parts of it that only pretend.

`server.OfflineAWS` is the server; one module per service says what stock moto does and what is put in its place.
Nothing here leaves the loopback interface, and every id is a documentation one.
"""

from tests.offline_aws.server import OfflineAWS

__all__ = ["OfflineAWS"]
