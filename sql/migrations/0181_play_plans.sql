-- what a policy planned for a seeker's turn, act/reaction/words/wishes/end; null where nothing was planned
alter table play.turns add column plan text;
