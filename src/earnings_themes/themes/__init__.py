"""The reduce: all firms' topics become themes that cross firms."""
