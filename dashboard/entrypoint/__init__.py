"""The script that Streamlit is given, in a folder of its own.

Beside a folder called `pages` Streamlit would run each file of that folder as a page, and it puts
the script's folder on the import path.
"""
