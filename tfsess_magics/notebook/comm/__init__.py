"""The comms over which front ends hear of sessions and give orders."""
