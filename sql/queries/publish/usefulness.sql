-- what was measured of the usefulness of a batch as it is kept now, on the humans asked for or on any; the last measured first
select
    usefulness_key,
    people,
    figures
from publish.usefulness
where batch_key = $batch_key
    and members_digest = $members_digest
    and ($people::text is null or people = $people)
order by rowid desc
