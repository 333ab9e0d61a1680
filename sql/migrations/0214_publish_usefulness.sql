-- what small models learn from a batch's dialogues, tested on human ones (TSTR). `people`: the split or part whose humans were asked
-- about; `members_digest`: which dialogues of the batch were kept then; `figures` as the release tells them
create table publish.usefulness (
    usefulness_key text primary key,
    batch_key text not null,
    members_digest text not null,
    people text not null,
    figures json not null
);
