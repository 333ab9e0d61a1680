-- which reservation a reply settles: one row for a call that was answered, where a settlement of its own would be another
alter table play.completions add column reservation_id text;
