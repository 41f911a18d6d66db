"""SQL expressions that print what an oid of a catalog names: qualified, quoted, and independent of search_path."""

from __future__ import annotations


def function_name(oid: str) -> str:
    """``schema.name`` of a row of pg_proc; NULL for 0."""
    return f"""(SELECT quote_ident(xn.nspname) || '.' || quote_ident(xp.proname)
   FROM pg_proc xp JOIN pg_namespace xn ON xn.oid = xp.pronamespace WHERE xp.oid = {oid})"""


def function_signature(oid: str) -> str:
    """``schema.name(types)`` of a row of pg_proc."""
    return f"""(SELECT quote_ident(xn.nspname) || '.' || quote_ident(xp.proname)
          || '(' || oidvectortypes(xp.proargtypes) || ')'
   FROM pg_proc xp JOIN pg_namespace xn ON xn.oid = xp.pronamespace WHERE xp.oid = {oid})"""


def operator_name(oid: str) -> str:
    """``schema.+`` of a row of pg_operator; NULL for 0."""
    return f"""(SELECT quote_ident(xn.nspname) || '.' || xo.oprname
   FROM pg_operator xo JOIN pg_namespace xn ON xn.oid = xo.oprnamespace WHERE xo.oid = {oid})"""


def qualified(catalog: str, prefix: str, oid: str) -> str:
    """``schema.name`` of a row of a catalog whose columns begin with ``prefix`` (``pg_opclass``, ``opc``)."""
    return f"""(SELECT quote_ident(xn.nspname) || '.' || quote_ident(x.{prefix}name)
   FROM {catalog} x JOIN pg_namespace xn ON xn.oid = x.{prefix}namespace WHERE x.oid = {oid})"""
