"""From a kernel order to the exchange's last word on it."""
