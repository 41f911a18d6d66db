"""Other names and signatures, with a stand-in under the old one while an application says it."""
