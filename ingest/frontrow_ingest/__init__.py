"""Viewing events in: the contract, the producer, the simulator, the local stack and the command line."""
