"""AWS's wire, as unmodified AWS clients speak it: signatures, error shapes, request models, the event stream."""
