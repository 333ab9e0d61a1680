-- titles of a recommender's ranking that the catalogue does not hold; null where the turn was played before they were counted
alter table play.turns add column n_ungrounded integer;
