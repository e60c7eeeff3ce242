"""The API's door: a Chalice app that is its own Lambda handler.

API Gateway asks for the key before it calls; template.yaml mirrors the routes.
"""

from chalice.app import Chalice
from chalicelib.answers import measure
from chalicelib.control import control
from chalicelib.reading import reading

# the name is the logger's too: what Chalice reports goes where our own lines go
app = Chalice(app_name="haetae", configure_logs=False, env={})
app.register_middleware(measure, "http")
app.register_blueprint(reading)
app.register_blueprint(control)
