-- replies that could not be used and were asked for once more, as JSON of reason → replies; null where it was played before they were counted
alter table play.dialogues add column asked_again text;
