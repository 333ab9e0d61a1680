-- one instrument of the profile that was made last of a data set
with latest as (
    select profile_key
    from profile.profiles
    where dataset = $dataset
    order by rowid desc
    limit 1
)
select
    instruments.profile_key,
    instruments.name,
    instruments.digest,
    instruments.fitted_on,
    instruments.quality::text as quality,
    instruments.parameters::text as parameters
from profile.instruments
inner join latest using (profile_key)
where instruments.name = $name
order by instruments.name
