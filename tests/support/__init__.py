"""What several tests share: tapes, states, folds and the kernel's grammar."""
