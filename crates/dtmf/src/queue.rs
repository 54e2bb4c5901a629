/// A first-in first-out queue of fixed size, kept inline.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T, const N: usize> {
    items: [Option<T>; N],
    head: usize,
    len: usize,
}

impl<T: Copy, const N: usize> Queue<T, N> {
    pub(crate) const fn new() -> Self {
        Self { items: [None; N], head: 0, len: 0 }
    }

    /// How many more fit.
    pub(crate) const fn room(&self) -> usize {
        N - self.len
    }

    /// Adds at the end; what does not fit is given back.
    pub(crate) fn push(&mut self, item: T) -> Result<(), T> {
        if self.len == N {
            return Err(item);
        }
        self.items[(self.head + self.len) % N] = Some(item);
        self.len += 1;
        Ok(())
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.items[self.head].take()?;
        self.head = (self.head + 1) % N;
        self.len -= 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;

    #[test]
    fn order_is_kept_around_the_end() {
        let mut queue: Queue<u8, 3> = Queue::new();
        for round in 0..10 {
            assert_eq!(queue.push(round), Ok(()));
            assert_eq!(queue.push(round + 100), Ok(()));
            assert_eq!(queue.room(), 1);
            assert_eq!(
                (queue.pop(), queue.pop(), queue.pop()),
                (Some(round), Some(round + 100), None)
            );
        }
        assert_eq!([1, 2, 3, 4].map(|item| queue.push(item)), [Ok(()), Ok(()), Ok(()), Err(4)]);
    }
}
