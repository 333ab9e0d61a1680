-- how many dialogues a model has played on a profile, by mode; its name may go on as in `usage`
select
    mode,
    count(*)::bigint as n
from play.dialogues
where profile_key = $profile_key
    and (
        model = $model
        or starts_with(model, $model || '/')
        or starts_with(model, $model || '^')
        or starts_with(model, $model || '~')
    )
group by mode
order by mode
