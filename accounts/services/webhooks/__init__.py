"""Telling organisations' servers of events: signed as Standard Webhooks has it, at least once, with a stable id.

`endpoints` where to; `planning` what is sent where; `sending` the calls themselves; `resending` what somebody asks for
again; `schedule` when the next try is; `envelope` how an event looks on the way; `forgetting` what is old.
"""
