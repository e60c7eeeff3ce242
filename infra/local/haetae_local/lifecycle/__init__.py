"""The life of the local stack: up, deploy, down, and the account that is kept between."""
