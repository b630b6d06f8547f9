"""The policy lab: what a version of the policy would have done, does beside the active one, or would do with another
threshold. It weighs what people decided, so it stands above the review."""
