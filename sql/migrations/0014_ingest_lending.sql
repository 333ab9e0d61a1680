-- a dialogue that is there for its labels lends its text to nothing that is played, unless its data set has no others
create view ingest.lending_dialogues as
with standing as (
    select
        dataset,
        bool_and(is_annotation) as has_annotations_alone
    from ingest.dialogues
    group by dataset
)
select
    dialogues.dataset,
    dialogues.dialogue_id,
    dialogues.source_sha256,
    dialogues.licence
from ingest.dialogues
inner join standing using (dataset)
where not dialogues.is_annotation or standing.has_annotations_alone;

-- sources, and whether anything of them may be in what is played: not of those that only annotate dialogues of others
create view ingest.standing_sources as
select
    sources.dataset,
    sources.source_sha256,
    sources.reader,
    sources.reader_version,
    sources.licence,
    exists (
        select 1
        from ingest.lending_dialogues as lending
        where lending.dataset = sources.dataset and lending.source_sha256 = sources.source_sha256
    )
    or not exists (
        select 1
        from ingest.labels
        where labels.dataset = sources.dataset and labels.source_sha256 = sources.source_sha256
    ) as lends_text
from ingest.sources;
