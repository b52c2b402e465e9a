"""Kafka and Druid on this machine, from locked packages."""
