// Types that more than one file needs.

// requests: the queue of a function folder's trigger. Whoever may send to it is the requester
//           queue:<its name>. results: the queue of the same folder's output.
// senders:  who may send requests. readers: who may receive and delete results. Each is
//           { objectId, kind }, where kind is ServicePrincipal, Group or User.
@export()
@description('One request queue with its results, and who may use them.')
type Team = {
  requests: string
  results: string
  senders: array
  readers: array
}
