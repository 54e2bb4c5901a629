//! The little arithmetic that the detector needs; `core` has no functions of real numbers.

use core::ops::{Add, AddAssign, Mul, Sub, SubAssign};

/// A complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Complex {
    pub(super) re: f32,
    pub(super) im: f32,
}

impl Complex {
    pub(super) const ZERO: Self = Self { re: 0.0, im: 0.0 };
    pub(super) const ONE: Self = Self { re: 1.0, im: 0.0 };

    /// The number of length 1 at this angle.
    pub(super) fn unit(angle: f32) -> Self {
        // Few are made, so the series of the tables will do.
        let (re, im) =
            (sine(f64::from(angle) + core::f64::consts::FRAC_PI_2), sine(f64::from(angle)));
        Self { re: re as f32, im: im as f32 }
    }

    pub(super) fn conj(self) -> Self {
        Self { re: self.re, im: -self.im }
    }

    /// The square of the length.
    pub(super) fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// The angle, -pi to pi, exact to 2e-6.
    pub(super) fn angle(self) -> f32 {
        use core::f32::consts::{FRAC_PI_2, PI};
        let (x, y) = (self.re.abs(), self.im.abs());
        let (small, large) = if x > y { (y, x) } else { (x, y) };
        if large == 0.0 {
            return 0.0;
        }
        let t = small / large;
        let t2 = t * t;
        // A minimax polynomial of the arc tangent on 0 to 1.
        let arc = t
            * (0.999_977_26
                + t2 * (-0.332_623_47
                    + t2 * (0.193_543_46
                        + t2 * (-0.116_432_87 + t2 * (0.052_653_32 - t2 * 0.011_721_2)))));
        let arc = if x > y { arc } else { FRAC_PI_2 - arc };
        let arc = if self.re < 0.0 { PI - arc } else { arc };
        if self.im < 0.0 { -arc } else { arc }
    }
}

impl Add for Complex {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

impl AddAssign for Complex {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Complex {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }
}

impl SubAssign for Complex {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul for Complex {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }
}

/// The sine of an angle of a few turns at most, by its series around the nearest zero.
pub(crate) const fn sine(angle: f64) -> f64 {
    let (pi, tau) = (core::f64::consts::PI, core::f64::consts::TAU);
    let turns = angle / tau;
    let whole = (if turns < 0.0 { turns - 0.5 } else { turns + 0.5 }) as i64 as f64;
    let near = angle - whole * tau;
    let x = if near > 0.5 * pi {
        pi - near
    } else if near < -0.5 * pi {
        -pi - near
    } else {
        near
    };
    let (mut term, mut sum, mut at) = (x, x, 1.0);
    while at < 10.0 {
        term *= -x * x / ((2.0 * at) * (2.0 * at + 1.0));
        sum += term;
        at += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_what_the_library_computes() {
        for step in -2_000_i32..=2_000 {
            let angle = f64::from(step) * 0.005;
            assert!((sine(angle) - angle.sin()).abs() < 1e-9, "{angle}");
            let unit = Complex::unit(angle as f32);
            assert!((unit.power() - 1.0).abs() < 1e-5);
            let exact = (unit.im).atan2(unit.re);
            assert!((unit.angle() - exact).abs() < 2e-5, "{angle}: {} {exact}", unit.angle());
        }
        assert_eq!(Complex::ZERO.angle(), 0.0);
    }
}
