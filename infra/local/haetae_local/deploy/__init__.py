"""Building and deploying the stack: the SAM CLI and the AWS clients."""
