-- what reads reactions in the profile of each data set that was made last
with newest as (
    select
        dataset,
        profile_key,
        row_number() over (partition by dataset order by rowid desc) as place
    from profile.profiles
)

select
    newest.dataset,
    instruments.digest,
    instruments.quality::text as quality
from profile.instruments
inner join newest using (profile_key)
where newest.place = 1 and instruments.name = 'reaction'
order by newest.dataset
