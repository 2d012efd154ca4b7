"""CloudTrail records, read from files of any form, and the filter for those that nothing comes of."""
