"""What is left in a project's `reports/` folder: a command's own summary as JSON, and the plan as a
page that can be read in a browser or on paper. Nothing is counted here and nothing printed; no
message text comes near it."""

from migrate.report.files import write_json, write_page
from migrate.report.page import Line, PlanPage, Section, render_plan

__all__ = ["Line", "PlanPage", "Section", "render_plan", "write_json", "write_page"]
