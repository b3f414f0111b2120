"""Helpers of the PAPU quarterly workbook: notebooks tell, helpers compute."""
