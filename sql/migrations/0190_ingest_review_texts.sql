-- what somebody wrote beside a rating; null where the log has no text, or where it was not kept yet

alter table ingest.ratings add column text text;
