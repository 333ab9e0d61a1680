-- whether a bound applies to the data set at all; every verdict of before was on one that does

alter table validate.verdicts add column applies boolean default true;
