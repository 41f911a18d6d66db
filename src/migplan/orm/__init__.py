"""Programs that print the schema of an application's models as SQL, run in the application's own environment:

``schema_command = "python -m migplan.orm.sqlalchemy app.models:Base"``.
"""
