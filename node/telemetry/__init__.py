"""What a node tells of itself: logs, metrics, health."""
