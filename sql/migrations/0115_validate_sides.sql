-- on which side of its bound a figure must lie; not recorded for verdicts of before

alter table validate.verdicts add column at_least boolean;
