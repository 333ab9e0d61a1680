-- the profile that was made last of a data set
select
    profile_key,
    dataset,
    dataset_digest,
    version,
    licence,
    has_official_split,
    n_dialogues
from profile.profiles
where dataset = $dataset
order by rowid desc
limit 1
