"""Container images of Kafka, Druid and ZooKeeper, built on this machine from what the local stack runs on.

The locked jars, the JRE that comes as a Python package and frontrow's Avro extension, on nothing but the few shared
libraries that they need and a static busybox. They take the environment variables of the official images, as far as
``docker-compose.yml`` uses them, so that one compose file runs either.
"""

from __future__ import annotations

from frontrow_ingest.images.build import Images, build_images, image_size
from frontrow_ingest.images.docker import ImageError

__all__ = ["ImageError", "Images", "build_images", "image_size"]
