// Types that several files use.

// requests: the queue of a function folder's trigger. Its senders are the requester queue:<its name>.
// results:  the queue of that folder's output.
// senders:  the identities that may send requests.
// readers:  the identities that may receive and delete results. Each entry is { objectId, kind }, where
//           kind is ServicePrincipal, Group or User.
@export()
@description('One request queue with its results queue, and the identities that may use them.')
type Team = {
  requests: string
  results: string
  senders: array
  readers: array
}
