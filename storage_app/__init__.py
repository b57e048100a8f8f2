"""Files: buckets, objects, versions and resumable uploads."""
