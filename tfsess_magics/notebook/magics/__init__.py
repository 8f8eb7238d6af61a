"""``%%tfsession`` and ``%tfsession``: the verbs, and what they do with sessions."""
