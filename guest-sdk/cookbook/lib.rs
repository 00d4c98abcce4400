//! Nothing: the recipes are this package's examples, one folder each. The page that shows them is COOKBOOK.md.
