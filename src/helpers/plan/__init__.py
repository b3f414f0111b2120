"""What is asked: quarters, members, KPIs, the form, and how a KPI reads an answer."""
